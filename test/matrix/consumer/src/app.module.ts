import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { ScheduleModule } from '@nestjs/schedule';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  migratedDataSource,
  WechatTokenModule,
  wechatTokenMigrations,
} from 'nestjs-wechat-token';
import { database } from './database.js';
import { MenuService } from './menu.service.js';
import { Shop } from './shop.entity.js';
import { statementLog } from './statement-log.js';

/** The name of the app's DataSource. */
export const DATA_SOURCE = 'shops';

@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true }),
    ScheduleModule.forRoot(),
    TypeOrmModule.forRootAsync({
      name: DATA_SOURCE,
      useFactory: () => ({
        ...database,
        name: DATA_SOURCE, // @nestjs/typeorm 11 closes it by this one
        autoLoadEntities: true,
        synchronize: true,
        migrations: [...wechatTokenMigrations],
        logging: ['query'],
        logger: statementLog,
      }),
      dataSourceFactory: migratedDataSource,
    }),
    TypeOrmModule.forFeature([Shop], DATA_SOURCE),
    WechatTokenModule.forRootAsync({
      dataSource: DATA_SOURCE,
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({
        accounts: [
          {
            appId: config.getOrThrow<string>('WECHAT_APP_ID'),
            appSecret: config.getOrThrow<string>('WECHAT_APP_SECRET'),
          },
        ],
        api: { baseUrl: config.getOrThrow<string>('WECHAT_API_BASE_URL') },
        refresh: { cron: '* * * * * *' },
        http: {
          apiKeys: [
            {
              id: 'matrix',
              key: config.getOrThrow<string>('API_KEY'),
              scopes: ['tokens:read', 'tokens:refresh', 'tokens:issue'],
            },
          ],
        },
      }),
    }),
  ],
  providers: [MenuService],
})
export class AppModule {}
