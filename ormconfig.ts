import { openConnection } from './src/config/database.js';
import { loadDatabase } from './src/config/database-settings.js';
import { settingsIn } from './src/config/settings.js';

/** The app's database for TypeORM's command line, which connects itself: `npm run typeorm -- migration:show`. */
async function appDataSource() {
  const database = loadDatabase(settingsIn(process.env));
  const dataSource = await openConnection(database);
  await dataSource.destroy();
  return dataSource;
}

export const dataSource = appDataSource();
