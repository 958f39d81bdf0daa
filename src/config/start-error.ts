/** The app cannot start. Only the message is printed; it names the setting and what to do. */
export class StartError extends Error {}
