import type { Texts } from './en.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const CHINA = 'Asia/Shanghai';

/** Numbers and times as a language writes them. Durations are milliseconds, instants ISO 8601 or milliseconds since 1970. */
export interface Formats {
  readonly number: (value: number) => string;
  readonly latency: (ms: number) => string;
  /** The two largest units: `1 h 12 min`. */
  readonly duration: (ms: number) => string;
  /** How long before `now` an instant was, or how long after. */
  readonly relative: (instant: string, now: number) => string;
  /** The time of day in the viewer's zone; with the date on another day than `now`. */
  readonly time: (instant: string, now: number) => string;
  /** Date and time to the second, in the viewer's zone. */
  readonly full: (instant: string) => string;
  readonly china: (instant: string) => string;
  /** A few hours from an instant on. */
  readonly hours: (instant: string, count: number) => string;
  readonly day: (instant: number) => string;
  readonly clock: (instant: number) => string;
}

export function formatsFor(language: string, texts: Texts): Formats {
  const { units } = texts;
  const numbers = new Intl.NumberFormat(language);
  const dates = (options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat(language, {
      hourCycle: 'h23',
      ...options,
    });
    return (instant: string | number) => format.format(new Date(instant));
  };
  const dayAndMonth = { month: 'short', day: 'numeric' } as const;
  const toMinute = { hour: '2-digit', minute: '2-digit' } as const;
  const toSecond = { ...toMinute, second: '2-digit' } as const;
  const clock = dates(toSecond);
  const dated = dates({ ...dayAndMonth, ...toSecond });
  const dayOf = dates(dayAndMonth);
  const shortDay = dates({ month: 'numeric', day: 'numeric' });
  const hourOf = dates(toMinute);

  const duration = (ms: number) => {
    const parts: [number, string][] = [
      [DAY, units.d],
      [HOUR, units.h],
      [MINUTE, units.min],
      [SECOND, units.s],
    ];
    const seconds = Math.max(0, Math.floor(ms / SECOND)) * SECOND;
    const first = Math.max(
      0,
      parts.findIndex(([size]) => seconds >= size),
    );
    const start = seconds < SECOND ? parts.length - 1 : first;
    let rest = seconds;
    return parts
      .slice(start, start + 2)
      .map(([size, unit]) => {
        const count = Math.floor(rest / size);
        rest -= count * size;
        return `${count}${units.gap}${unit}`;
      })
      .join(' ');
  };
  return {
    number: (value) => numbers.format(value),
    latency: (ms) =>
      ms < 10 * SECOND
        ? `${numbers.format(Math.round(ms))}${units.gap}${units.ms}`
        : duration(ms),
    duration,
    relative: (instant, now) => {
      const ms = Date.parse(instant) - now;
      if (Math.abs(ms) < 2 * SECOND) return units.now;
      return ms < 0 ? units.ago(duration(-ms)) : units.in(duration(ms));
    },
    time: (instant, now) =>
      dayOf(instant) === dayOf(now) ? clock(instant) : dated(instant),
    full: dates({ dateStyle: 'medium', timeStyle: 'medium' }),
    china: dates({ timeZone: CHINA, ...dayAndMonth, ...toMinute }),
    hours: (instant, count) =>
      `${dayOf(instant)} ${hourOf(instant)}–${hourOf(Date.parse(instant) + count * HOUR)}`,
    day: shortDay,
    clock: hourOf,
  };
}
