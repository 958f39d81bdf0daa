import { Body, Controller, Module, Post } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Length } from 'class-validator';
import { SHOP } from './databases';
import { NoticesModule } from './notices.module';
import { Order } from './order.entity';
import { OrdersService } from './orders.service';

class NewOrder {
  @Length(1, 64)
  openId!: string;

  @Length(1, 100)
  item!: string;
}

@Controller('orders')
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Post()
  place(@Body() { openId, item }: NewOrder): Promise<Order> {
    return this.orders.place(openId, item);
  }
}

@Module({
  imports: [TypeOrmModule.forFeature([Order], SHOP), NoticesModule],
  controllers: [OrdersController],
  providers: [OrdersService],
})
export class OrdersModule {}
