import { isWechatTokenError } from '../wechat-token/index.js';
import { StartError } from './start-error.js';

/** Writes to stderr why the process cannot start, and sets the exit code: 2 for a wrong argument, else 1. */
export function explain(error: unknown): void {
  // Expected errors say in their message what to do; for any other error the stack is printed.
  const expected = error instanceof StartError || isWechatTokenError(error);
  const text = expected ? error.message : String((error as Error).stack);
  process.stderr.write(`${text}\n`);
  process.exitCode = error instanceof StartError ? error.exitCode : 1;
}
