import './start.usage.js';
// The app as `npm start` starts it, with the settings of the environment.
import '../../src/main.js';
