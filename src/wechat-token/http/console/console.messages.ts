/** Sentences about the console. */
export const consoleMessages = {
  notBuilt: () =>
    'The files of the console are missing. Run "npm run build" and start the app again; the package has them in dist/console.',
} as const;
