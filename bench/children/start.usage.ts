import { serve } from '../harness/serve.js';

serve({
  /** CPU time since the process began, milliseconds. */
  cpuMs: async () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
});
