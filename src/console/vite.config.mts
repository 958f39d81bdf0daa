import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  // The server inserts where the page is mounted.
  base: './',
  logLevel: 'warn',
  build: {
    outDir: '../../dist/console',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
    // The Content-Security-Policy allows no inline font, and an icon is a file like any other.
    assetsInlineLimit: 0,
    // Preact and uPlot are in the bundle, and their licences go with them.
    license: { fileName: 'licenses.md' },
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
});
