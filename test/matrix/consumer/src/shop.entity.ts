import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** A table of the app's own, which `synchronize: true` makes. */
@Entity()
export class Shop {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: 'varchar', length: 100 })
  name!: string;
}
