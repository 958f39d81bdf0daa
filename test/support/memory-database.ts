import Database from 'libsql';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  migratedDataSource,
  wechatTokenMigrations,
} from '../../src/wechat-token/index.js';

/** What a user's root module imports for the tables, with SQLite in memory. */
export function memoryDatabase(name?: string) {
  return TypeOrmModule.forRootAsync({
    ...(name && { name }),
    useFactory: () => ({
      type: 'better-sqlite3',
      driver: Database,
      database: ':memory:',
      autoLoadEntities: true,
      migrations: [...wechatTokenMigrations],
    }),
    dataSourceFactory: migratedDataSource,
  });
}
