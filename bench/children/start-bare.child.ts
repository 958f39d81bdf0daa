import './start.usage.js';
import { ConsoleLogger, Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
// Imported file by file, so that no other part of the module is loaded.
import { parseDatabaseUrl } from '../../src/config/database-url.js';
import { wechatTokenEntities } from '../../src/wechat-token/store/entities.js';
import { wechatTokenMigrations } from '../../src/wechat-token/store/migrations/index.js';
import { SystemVar } from '../../src/wechat-token/store/system-var.entity.js';

const { DATABASE_URL = '' } = process.env;
const database = parseDatabaseUrl(DATABASE_URL);
if (!database || database.type === 'better-sqlite3')
  throw new Error(`bad URL ${DATABASE_URL}`);

@Controller('cgi-bin')
class BareController {
  constructor(
    @InjectRepository(SystemVar) private readonly rows: Repository<SystemVar>,
  ) {}

  @Get('token')
  async token() {
    const row = await this.rows.findOneByOrFail({ name: 'access_token' });
    const left = Number(row.expiresAt) - Date.now();
    return { access_token: row.value, expires_in: Math.floor(left / 1000) };
  }
}

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: database.type,
      url: database.url,
      timezone: 'Z',
      entities: [...wechatTokenEntities],
      migrations: [...wechatTokenMigrations],
      migrationsRun: true,
    }),
    TypeOrmModule.forFeature([SystemVar]),
  ],
  controllers: [BareController],
})
class BareModule {}

const app = await NestFactory.create(BareModule, { logger: ['error'] });
await app.listen(0, '127.0.0.1');
new ConsoleLogger('App', { json: true }).log(await app.getUrl());
