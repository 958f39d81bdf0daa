import type { Logger } from 'typeorm';

/** Keeps every statement that TypeORM executes. */
class StatementLog implements Logger {
  private statements: string[] = [];

  /** Those that make, change or drop something, since the last call. */
  takeChangesOfSchema(): string[] {
    const taken = this.statements;
    this.statements = [];
    return taken.filter((sql) => /^\s*(CREATE|ALTER|DROP|RENAME)\b/i.test(sql));
  }

  logQuery(sql: string): void {
    this.statements.push(sql);
  }

  logQueryError(): void {}
  logQuerySlow(): void {}
  logSchemaBuild(): void {}
  logMigration(): void {}
  log(): void {}
}

export const statementLog = new StatementLog();
