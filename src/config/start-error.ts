/** The app cannot start; the message names the setting and what to do, and is all that is printed. */
export class StartError extends Error {}
