/** The app cannot start. Only the message is printed; it names the setting and what to do. */
export class StartError extends Error {}

/** The database does not answer: the same may work later, without any change. */
export class DatabaseAwayError extends StartError {}
