import type { DataSource } from 'typeorm';
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
  const schema = 'schema' in options ? options.schema : undefined;
  const own = new Set<unknown>(wechatTokenEntities);
  const paths = WANTED.map(({ name }) => driver.buildTableName(name, schema));
  const rivals = entityMetadatas.filter(
    ({ tablePath, synchronize, target }) =>
      synchronize && !own.has(target) && paths.includes(tablePath),
  );
  if (rivals.length === 0) return;
  throw new ConfigurationError(
    rivals.map(({ name, tableName }) => ({
      field: 'dataSource',
      problem: messages.tableSynchronized(name, tableName),
    })),
  );
}
