import { SystemVar } from './system-var.entity.js';
import { TokenEvent } from './token-event.entity.js';

/** For a DataSource without `autoLoadEntities`: `{ entities: [...wechatTokenEntities] }`. */
export const wechatTokenEntities = [SystemVar, TokenEvent] as const;
