import { openConnection } from './src/config/database.js';
import { readDatabaseSettings } from './src/config/command-settings.js';

/** The app's database for TypeORM's command line, which connects itself: `npm run typeorm -- migration:show`. */
async function appDataSource() {
  const database = await readDatabaseSettings(process.env);
  const dataSource = await openConnection(database);
  await dataSource.destroy();
  return dataSource;
}

export const dataSource = appDataSource();
