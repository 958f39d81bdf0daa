import { SystemVar } from './system-var.entity.js';
import { TokenEvent } from './token-event.entity.js';
import { TokenHour } from './token-hour.entity.js';

/** For a DataSource without `autoLoadEntities`: `{ entities: [...wechatTokenEntities] }`. */
export const wechatTokenEntities = [SystemVar, TokenEvent, TokenHour] as const;
