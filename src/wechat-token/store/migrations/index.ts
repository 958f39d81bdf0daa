import { CreateWechatTokenTables1790000000000 } from './1790000000000-create-wechat-token-tables.js';
import { AddRenewalQueue1791000000000 } from './1791000000000-add-renewal-queue.js';
import { AddTokenHours1792000000000 } from './1792000000000-add-token-hours.js';

/** For the app's DataSource: `{ migrations: [...wechatTokenMigrations] }`. */
export const wechatTokenMigrations = [
  CreateWechatTokenTables1790000000000,
  AddRenewalQueue1791000000000,
  AddTokenHours1792000000000,
] as const;
