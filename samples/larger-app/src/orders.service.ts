import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { SHOP } from './databases.js';
import { NoticesService } from './notices.module.js';
import { Order } from './order.entity.js';

@Injectable()
export class OrdersService {
  constructor(
    @InjectDataSource(SHOP) private readonly shop: DataSource,
    private readonly notices: NoticesService,
  ) {}

  async place(openId: string, item: string): Promise<Order> {
    const order = await this.shop.transaction(async (orders) => {
      const ordinal = 1 + (await orders.countBy(Order, { openId }));
      return orders.save(Order, { openId, item, ordinal });
    });
    // After the transaction, which holds a connection and must not wait for WeChat.
    await this.notices.send(openId, `Order ${order.id}: ${order.item}`);
    return order;
  }
}
