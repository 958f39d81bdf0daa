import { ConfigService } from '@nestjs/config';
import { TypeOrmModule } from '@nestjs/typeorm';
import Database from 'libsql';
import { migratedDataSource, wechatTokenMigrations } from 'nestjs-wechat-token';

/** The names of the DataSources. */
export const SHOP = 'shop';
export const WECHAT = 'wechat';

const sqlite = {
  type: 'better-sqlite3',
  driver: Database, // or install better-sqlite3 12, and leave this out
  autoLoadEntities: true,
} as const;

/** The app's own tables, which `synchronize` makes. */
const shop = TypeOrmModule.forRootAsync({
  name: SHOP,
  inject: [ConfigService],
  useFactory: (config: ConfigService) => ({
    ...sqlite,
    name: SHOP,
    database: config.get<string>('SHOP_DATABASE', 'shop.sqlite'),
    synchronize: true,
  }),
});

/** The module's tables. On SQLite, of a single connection, no transaction of the app's delays them so. */
const wechat = TypeOrmModule.forRootAsync({
  name: WECHAT,
  inject: [ConfigService],
  useFactory: (config: ConfigService) => ({
    ...sqlite,
    name: WECHAT,
    database: config.get<string>('WECHAT_DATABASE', 'wechat.sqlite'),
    migrations: [...wechatTokenMigrations],
  }),
  dataSourceFactory: migratedDataSource, // one process migrates at a time
});

export const databases = [shop, wechat];
