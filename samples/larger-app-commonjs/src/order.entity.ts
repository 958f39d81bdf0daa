import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity('orders')
export class Order {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: 'varchar', length: 64 })
  openId!: string;

  @Column({ type: 'varchar', length: 100 })
  item!: string;

  /** 1 for the first order of a customer. */
  @Column({ type: 'int' })
  ordinal!: number;
}
