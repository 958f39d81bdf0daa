import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { Injectable } from '@nestjs/common';

/** This running copy of the module, as leases and events name it. */
@Injectable()
export class Replica {
  /** Host, process and a random part: unique, and at most 64 characters. */
  readonly id = `${hostname().slice(0, 40)}:${process.pid}:${randomBytes(4).toString('hex')}`;
}
