import { channel } from 'node:diagnostics_channel';
import { Logger } from '@nestjs/common';
import { reasonOf } from './error-reason.js';
import { LogLine } from './log-line.js';
import {
  type Observations,
  type TokenMonitor,
  type TokenObserver,
  type Topic,
  type TopicObserver,
  TOPICS,
} from './observer.js';

/** Node's channels of all topics: `nestjs-wechat-token:renewal` and so on. */
const channels = Object.fromEntries(
  TOPICS.map((topic) => [topic, channel(`nestjs-wechat-token:${topic}`)]),
) as Record<Topic, ReturnType<typeof channel>>;

/** Notifies the app's observer and the subscribers of the channels. */
export class Observers {
  private readonly logger = new Logger('WechatToken');
  private readonly failed = new Set<Topic | 'started'>();

  constructor(private readonly observer: TokenObserver = {}) {}

  /** Whether anybody would be told. */
  want(topic: Topic): boolean {
    return this.observer[topic] !== undefined || channels[topic].hasSubscribers;
  }

  report<On extends Topic>(topic: On, observation: Observations[On]): void {
    const observer: TopicObserver = this.observer;
    if (observer[topic])
      this.guard(topic, () => observer[topic]?.(observation));
    if (channels[topic].hasSubscribers) channels[topic].publish(observation);
  }

  start(monitor: TokenMonitor): void {
    this.guard('started', () => this.observer.started?.(monitor));
  }

  /** A fault of the observer is logged once for each topic: it may be called a thousand times a second. */
  private guard(topic: Topic | 'started', call: () => unknown): void {
    const fail = (error: unknown) => {
      if (this.failed.has(topic)) return;
      this.failed.add(topic);
      const fields = { topic, ...reasonOf(error) };
      this.logger.error(new LogLine('observer failed', fields));
    };
    try {
      const returned = call();
      // An async method fits the type as well.
      if (returned instanceof Promise) returned.catch(fail);
    } catch (error) {
      fail(error);
    }
  }
}
