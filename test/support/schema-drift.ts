import type { DataSource } from 'typeorm';
import { TokenEvent } from '../../src/wechat-token/index.js';
import { isSqlite } from './sql.js';

/** The statements that TypeORM would run to make the tables what the entities say: none, if the migrations have done so. */
export async function schemaDrift(dataSource: DataSource): Promise<string[]> {
  const id = dataSource
    .getMetadata(TokenEvent)
    .findColumnWithPropertyName('id');
  // An entity has one type for all databases; in SQLite only an INTEGER key counts up by itself.
  if (id && isSqlite(dataSource)) id.type = 'integer';
  const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
  return upQueries.map(({ query }) => query);
}
