import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { Injectable } from '@nestjs/common';
import { fingerprint } from './fingerprint.js';

/** The machine of this process, as rows name it. */
export const MACHINE = fingerprint(hostname());

/** One running instance of the module; leases and events name it by its id. */
@Injectable()
export class Replica {
  /** Host name, process id and a random part: unique, at most 64 characters. */
  readonly id = `${hostname().slice(0, 40)}:${process.pid}:${randomBytes(4).toString('hex')}`;
}
