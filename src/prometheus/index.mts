/** The entry for `import`: it exports what `require` gets, so that every class and token exists once. */
export * from './index.js';
