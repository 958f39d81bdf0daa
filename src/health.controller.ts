import { Controller, Get } from '@nestjs/common';

@Controller('health')
export class HealthController {
  /** The process runs and answers; says nothing about tokens or the database. */
  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }
}
