/** Every sentence of `--check`; those of the database and of WeChat's answers are the app's and the module's own. */
export const messages = {
  settingsValid: () => 'valid',
  settingFault: (field: string, problem: string) => `${field} ${problem}`,

  databaseOpened: (where: string, version: string) => `${where}, ${version}`,
  fileToBeMade: (where: string) =>
    `${where} does not exist yet; the app makes it`,
  folderClosed: (where: string, code: string) =>
    `${where} does not exist, and cannot be made (${code}). Correct the path, or make its folder writable.`,
  tlsUsed: () => 'encrypted',
  tlsNotUsed: () =>
    'not encrypted; nobody else is on the line, or it was accepted with DATABASE_TLS=off',
  clock: (ms: number) =>
    `${(Math.abs(ms) / 1000).toFixed(1)} s ${ms < 0 ? 'behind' : 'ahead of'} this machine's`,
  clockApart: (ms: number) =>
    `${messages.clock(ms)}. Tokens do not depend on it; certificates and the times in logs do: set both by NTP.`,
  tablesFit: (isTried: boolean) =>
    isTried ? 'there, and a row can be written to each' : 'there',
  tablesPending: (missing: string, migrations: string) =>
    `lack ${missing}; the app runs ${migrations} when it starts, for which its user needs CREATE, ALTER and INDEX`,
  failed: (code: string) =>
    `The database did not answer a question (${code}). Check its log, and the rights of its user.`,

  reader: () => 'not called by WECHAT_ROLE=reader',
  reachable: (host: string) => `${host} answers`,
  accepted: () => "accepted, also from this machine's IP address",
  accountsLeftOut: (asked: number, leftOut: number) =>
    `${leftOut} more: one run asks for the first ${asked}`,

  sound: () => 'No fault was found.',
  faults: (count: number) =>
    count === 1 ? '1 fault was found.' : `${count} faults were found.`,
};
