export const print = (line) => process.stdout.write(`${line}\n`);
