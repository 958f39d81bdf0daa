import { Module, ValidationPipe } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { databases } from './databases';
import { EnvelopeInterceptor } from './envelope.interceptor';
import { HealthController } from './health.controller';
import { MenuModule } from './menu.module';
import { OrdersModule } from './orders.module';
import { SessionGuard } from './session.guard';
import { tokens } from './tokens';
import { WechatErrorsFilter } from './wechat-errors.filter';

const validation = new ValidationPipe({
  whitelist: true,
  forbidNonWhitelisted: true,
  transform: true,
});

@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true }),
    ScheduleModule.forRoot(), // once in an app: a second one runs crons twice
    ...databases,
    tokens,
    MenuModule,
    OrdersModule,
  ],
  controllers: [HealthController],
  providers: [
    { provide: APP_GUARD, useClass: SessionGuard },
    { provide: APP_INTERCEPTOR, useClass: EnvelopeInterceptor },
    { provide: APP_PIPE, useValue: validation },
    { provide: APP_FILTER, useClass: WechatErrorsFilter },
  ],
})
export class AppModule {}
