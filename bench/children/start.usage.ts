import { serve } from '../harness/serve.js';

serve({
  /** Milliseconds of the processor, since the process began. */
  cpuMs: async () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
});
