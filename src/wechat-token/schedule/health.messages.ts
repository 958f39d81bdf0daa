/** The sentences of the health indicator. */
export const healthMessages = {
  badThresholds: (faults: readonly { field: string; problem: string }[]) =>
    `The thresholds of WechatTokenHealthIndicator.isHealthy() are invalid: ${faults.map(({ field, problem }) => `${field} ${problem}`).join('; ')}`,
  badShare: () => 'must be a number from 0 to 1, such as 0.5 for one half',
  badCount: () => 'must be a number of tokens, 0 or more',
};
