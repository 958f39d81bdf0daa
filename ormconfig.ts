import { DataSource } from 'typeorm';
import { dataSourceOptions } from './src/config/database.js';
import {
  parseDatabaseUrl,
  refusedParameters,
} from './src/config/database-url.js';

/** The app's database for TypeORM's command line: `npm run typeorm -- migration:show`. */
const url = process.env['DATABASE_URL'] ?? 'sqlite:data/wechat-token.sqlite';
const database = parseDatabaseUrl(url);
if (!database || refusedParameters(database).length > 0)
  throw new Error(
    'DATABASE_URL is not mysql://…, mariadb://…, postgres://… or sqlite:path/to/file.sqlite, without parameters',
  );

export default new DataSource(dataSourceOptions(database));
