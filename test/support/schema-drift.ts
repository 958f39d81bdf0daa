import type { DataSource } from 'typeorm';
import {
  TokenEvent,
  wechatTokenEntities,
} from '../../src/wechat-token/index.js';
import { familyOf, isSqlite } from './sql.js';

const OLD_INDEXES = new Set([
  'IDX_system_var_refresh_at',
  'IDX_system_var_source_updated_at',
]);

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
  if (familyOf(dataSource) === 'postgres')
    for (const entity of entities) {
      // Nor does one collation have the same name everywhere.
      const name = entity.findColumnWithPropertyName('name');
      if (name) name.collation = 'C';
      // For version 0.1, which did not run there.
      entity.ownIndices = entity.ownIndices.filter(
        ({ name: of }) => !OLD_INDEXES.has(of),
      );
      entity.indices = entity.ownIndices;
    }
  // TypeORM compares only what it may synchronize, which the module's tables are not.
  for (const entity of entities) entity.synchronize = true;
  try {
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    return upQueries.map(({ query }) => query);
  } finally {
    for (const entity of entities) entity.synchronize = false;
  }
}
