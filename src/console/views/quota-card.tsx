import { useState } from 'preact/hooks';
import type { QuotaView } from '../../wechat-token/http/admin/admin.types.js';
import { ApiFailure } from '../api/api-failure.js';
import { useApi } from '../api/use-api.js';
import { useTexts } from '../i18n/language.js';
import { ProblemNote } from '../parts/problem-note.js';

/** WeChat's own counters, when somebody asks for them. */
export function QuotaCard({ name }: { readonly name: string }) {
  const api = useApi();
  const { texts } = useTexts();
  const [answer, setAnswer] = useState<
    'nothing' | 'asking' | QuotaView | ApiFailure
  >('nothing');
  const ask = async () => {
    if (answer === 'asking') return;
    setAnswer('asking');
    try {
      setAnswer(await api.quota(name));
    } catch (error) {
      setAnswer(error instanceof ApiFailure ? error : new ApiFailure(0));
    }
  };
  return (
    <section class="card quota" aria-labelledby="quota-title">
      <h2 id="quota-title">{texts.quota.title}</h2>
      <p class="muted">{texts.quota.intro}</p>
      <button
        type="button"
        class="button"
        aria-disabled={answer === 'asking'}
        onClick={() => void ask()}
      >
        {answer === 'asking' ? texts.quota.busy : texts.quota.submit}
      </button>
      {answer instanceof ApiFailure ? (
        <ProblemNote
          title={
            answer.status === 403
              ? texts.problem.noRefreshScope
              : texts.quota.failed
          }
          failure={answer}
        />
      ) : (
        typeof answer === 'object' && <Counters quota={answer} />
      )}
    </section>
  );
}

function Counters({ quota }: { readonly quota: QuotaView }) {
  const { texts, format } = useTexts();
  const number = (value: number | null) =>
    value === null ? texts.none : format.number(value);
  return (
    <table class="counters">
      <caption class="visually-hidden">{texts.quota.title}</caption>
      <thead>
        <tr>
          <th scope="col">{texts.quota.endpoint}</th>
          <th scope="col">{texts.quota.used}</th>
          <th scope="col">{texts.quota.remain}</th>
          <th scope="col">{texts.quota.limit}</th>
        </tr>
      </thead>
      <tbody>
        {quota.items.map(({ path, used, remain, dailyLimit, error }) => (
          <tr key={path}>
            <th scope="row" class="mono">
              {path}
            </th>
            {error ? (
              <td colSpan={3} title={error.message}>
                {texts.quota.refused(String(error.errcode))}
              </td>
            ) : (
              <>
                <td class="tabular">{number(used)}</td>
                <td class="tabular">{number(remain)}</td>
                <td class="tabular">{number(dailyLimit)}</td>
              </>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
