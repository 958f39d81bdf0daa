import { Controller, Get } from '@nestjs/common';

@Controller('health')
export class HealthController {
  /** Liveness: the process runs and responds. It does not check tokens or the database. */
  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }
}
