/** The app cannot start. Only the message is printed; it names the setting and what to do. */
export class StartError extends Error {
  readonly exitCode: number = 1;
}

/** The database does not answer: the same may work later, without any change. */
export class DatabaseAwayError extends StartError {}

/** An argument of the command line is wrong. */
export class UsageError extends StartError {
  override readonly exitCode = 2;
}
