import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { ConfigurationFault } from '../wechat-token/index.js';
import { messages } from './config.messages.js';

/** Settings that a file may hold, as a container's secrets are: `<setting>_FILE` names it. */
export const IN_FILES = [
  'API_KEYS',
  'DATABASE_TLS_CA',
  'DATABASE_URL',
  'TOKEN_ENCRYPTION_KEYS',
  'WECHAT_ACCOUNTS',
  'WECHAT_APP_SECRET',
] as const;
/** A hundred thousand accounts are smaller. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Group and others. */
const OTHERS_WRITE = 0o022;

type Set = Readonly<Record<string, string | undefined>>;

/** What is in the files that settings name. */
export interface SettingFiles {
  /** By the name of the setting, without `_FILE` and surrounding blanks. */
  readonly texts: Set;
  readonly faults: readonly ConfigurationFault[];
  /** For the log. */
  readonly warnings: readonly ConfigurationFault[];
}

export const NO_FILES: SettingFiles = { texts: {}, faults: [], warnings: [] };

/** Reads all files that these settings name. A file that cannot be used is a fault. */
export async function readSettingFiles(set: Set): Promise<SettingFiles> {
  const texts: Record<string, string> = {};
  const faults: ConfigurationFault[] = [];
  const warnings: ConfigurationFault[] = [];
  for (const setting of IN_FILES) {
    const field = `${setting}_FILE`;
    const file = set[field]?.trim();
    if (!file) continue;
    if (set[setting]?.trim()) {
      faults.push({ field, problem: messages.fileAndValue(setting) });
      continue;
    }
    try {
      const { text, isWritable } = await readSettingFile(file);
      texts[setting] = text;
      if (text === '') faults.push({ field, problem: messages.fileEmpty() });
      if (isWritable)
        warnings.push({ field, problem: messages.fileWritable() });
    } catch (error) {
      faults.push({ field, problem: fileProblem(error) });
    }
  }
  return { texts, faults, warnings };
}

/**
 * Reads a file whole, without surrounding blanks.
 * @returns whether others than its user may write it, as well.
 * @throws Error of the file system's, or one whose message is the problem.
 */
export async function readSettingFile(
  file: string,
): Promise<{ text: string; isWritable: boolean }> {
  // A pipe without a writer would keep the process waiting.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new UnfitFile(messages.fileNotRegular());
    const text = (await readBounded(handle)).trim();
    const isWritable =
      process.platform !== 'win32' && (stat.mode & OTHERS_WRITE) !== 0;
    return { text, isWritable };
  } finally {
    await handle.close();
  }
}

class UnfitFile extends Error {}

/** Whatever size the file system tells, which for some files is 0. */
async function readBounded(handle: FileHandle): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of handle.createReadStream({ autoClose: false })) {
    parts.push(part as Buffer);
    length += (part as Buffer).length;
    if (length > MAX_BYTES) throw new UnfitFile(messages.fileTooLarge());
  }
  return Buffer.concat(parts).toString('utf8');
}

/** What is wrong with a file that could not be read. */
export function fileProblem(error: unknown): string {
  if (error instanceof UnfitFile) return error.message;
  const { code = 'unknown' } = error as NodeJS.ErrnoException;
  return messages.fileUnreadable(code);
}
