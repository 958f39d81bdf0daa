import { CreateWechatTokenTables1790000000000 } from './1790000000000-create-wechat-token-tables.js';

/** For the app's DataSource: `{ migrations: [...wechatTokenMigrations] }`. */
export const wechatTokenMigrations = [
  CreateWechatTokenTables1790000000000,
] as const;
