import { isWechatTokenError } from '../wechat-token/index.js';
import { StartError } from './start-error.js';

/** Tells on stderr why the process cannot start, and makes it end with code 1. */
export function explain(error: unknown): void {
  // Foreseen faults say what to do in their message; for the others the stack is all there is.
  const foreseen = error instanceof StartError || isWechatTokenError(error);
  const text = foreseen ? error.message : String((error as Error).stack);
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}
