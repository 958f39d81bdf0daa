import type { DataSource, EntityMetadata } from 'typeorm';
import { ConfigurationError } from '../../common/errors.js';
import { messages } from '../../common/messages.js';
import { wechatTokenEntities } from '../entities.js';
import { WANTED } from './wanted-tables.js';

/**
 * TypeORM's `synchronize` makes a table what an entity says: with one of the app's own for a table of the module, it would remove
 * the module's columns.
 * @throws ConfigurationError that names the entity.
 */
export function refuseRivalEntities(dataSource: DataSource): void {
  const { options, driver, entityMetadatas } = dataSource;
  if (!options.synchronize) return;
  const own = new Set<unknown>(wechatTokenEntities);
  // Complete: without a schema of its own, an entity is in that of the connection.
  const placeOf = (table: EntityMetadata | string) => {
    const { database, schema, tableName } = driver.parseTableName(table);
    return JSON.stringify([database, schema, tableName]);
  };
  const places = WANTED.map(({ name }) => placeOf(name));
  const rivals = entityMetadatas.filter(
    (entity) =>
      entity.synchronize &&
      !own.has(entity.target) &&
      places.includes(placeOf(entity)),
  );
  if (rivals.length === 0) return;
  throw new ConfigurationError(
    rivals.map(({ name, tableName }) => ({
      field: 'dataSource',
      problem: messages.tableSynchronized(name, tableName),
    })),
  );
}
