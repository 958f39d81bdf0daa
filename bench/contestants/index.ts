import { coWechatApi, coWechatApiOnFile } from './co-wechat-api.js';
import type { MakeContestant } from './contestant.js';
import { nestWechat } from './nest-wechat.js';
import { nodeEasywechat } from './node-easywechat.js';
import { ours } from './ours.js';

export const CONTESTANTS = {
  ours,
  'co-wechat-api': coWechatApi,
  'co-wechat-api-on-file': coWechatApiOnFile,
  'node-easywechat': nodeEasywechat,
  'nest-wechat': nestWechat,
} satisfies Record<string, MakeContestant>;

export type ContestantName = keyof typeof CONTESTANTS;
