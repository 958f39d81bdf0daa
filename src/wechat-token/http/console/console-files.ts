import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Inject, Injectable } from '@nestjs/common';

/** The folder of the built console. */
export const CONSOLE_FOLDER = Symbol('console folder');

/** As it is built, whether this file runs from src/ or from dist/. */
export const BUILT_CONSOLE = join(__dirname, '../../../../dist/console');

const PAGE = 'index.html';
const ASSETS = 'assets';

/** Text, which is worth compressing. */
const TEXTS: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};
const BINARIES: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

export interface ConsoleFile {
  readonly type: string;
  readonly bytes: Buffer;
  /** Undefined where that saves nothing. */
  readonly gzipped: Buffer | undefined;
  readonly etag: string;
}

/** The files of the console: those that were in its folder at the start, and no others. Each is read once. */
@Injectable()
export class ConsoleFiles {
  private readonly paths: ReadonlySet<string>;
  private readonly read = new Map<string, Promise<ConsoleFile>>();

  constructor(@Inject(CONSOLE_FOLDER) private readonly folder: string) {
    this.paths = new Set(filesIn(folder));
  }

  /** The page with this text at the beginning of its head; undefined when the console was not built. */
  page(head: string): Promise<ConsoleFile> | undefined {
    return this.file(PAGE, head, (html) =>
      Buffer.from(html.toString().replace('<head>', () => `<head>${head}`)),
    );
  }

  /** By its name in the folder `assets`; undefined when there was no such file at the start. */
  asset(name: string): Promise<ConsoleFile> | undefined {
    return this.file(`${ASSETS}/${name}`, '', (bytes) => bytes);
  }

  private file(
    path: string,
    variant: string,
    edit: (bytes: Buffer) => Buffer,
  ): Promise<ConsoleFile> | undefined {
    if (!this.paths.has(path)) return undefined;
    const key = `${path} ${variant}`;
    const known = this.read.get(key);
    if (known) return known;
    const reading = readFile(join(this.folder, path)).then((bytes) =>
      toFile(extname(path), edit(bytes)),
    );
    this.read.set(key, reading);
    reading.catch(() => this.read.delete(key));
    return reading;
  }
}

function filesIn(folder: string): string[] {
  if (!existsSync(join(folder, PAGE))) return [];
  const assets = join(folder, ASSETS);
  const names = existsSync(assets) ? readdirSync(assets) : [];
  return [PAGE, ...names.map((name) => `${ASSETS}/${name}`)];
}

async function toFile(extension: string, bytes: Buffer): Promise<ConsoleFile> {
  const text = TEXTS[extension];
  const type = text ?? BINARIES[extension] ?? 'application/octet-stream';
  const smaller =
    text === undefined ? bytes : await promisify(gzip)(bytes, { level: 9 });
  const gzipped = smaller.length < bytes.length ? smaller : undefined;
  // Weak: the compressed file has the same.
  const hash = createHash('sha256').update(bytes).digest('base64url');
  return { type, bytes, gzipped, etag: `W/"${hash.slice(0, 22)}"` };
}
