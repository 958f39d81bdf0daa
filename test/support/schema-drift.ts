import type { DataSource } from 'typeorm';
import {
  TokenEvent,
  wechatTokenEntities,
} from '../../src/wechat-token/index.js';
import { isSqlite } from './sql.js';

/** The statements that would make the tables what the entities say: none, if the migrations have done so. */
export async function schemaDrift(dataSource: DataSource): Promise<string[]> {
  const entities = wechatTokenEntities.map((entity) =>
    dataSource.getMetadata(entity),
  );
  const id = dataSource
    .getMetadata(TokenEvent)
    .findColumnWithPropertyName('id');
  // An entity has one type for all databases; in SQLite only an INTEGER key counts up by itself.
  if (id && isSqlite(dataSource)) id.type = 'integer';
  // TypeORM compares only what it may synchronize, which the module's tables are not.
  for (const entity of entities) entity.synchronize = true;
  try {
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    return upQueries.map(({ query }) => query);
  } finally {
    for (const entity of entities) entity.synchronize = false;
  }
}
