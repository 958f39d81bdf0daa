import { useEffect, useState } from 'preact/hooks';
import { announce } from '../announce.js';
import { useTexts } from '../i18n/language.js';

const SHOWN_MS = 2000;

export function CopyButton({
  text,
  label,
}: {
  readonly text: string;
  readonly label: string;
}) {
  const { texts } = useTexts();
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = async () => {
    await copyText(text);
    setCopied(true);
    announce(texts.copied);
  };
  return (
    <button
      type="button"
      class="button"
      aria-label={label}
      onClick={() => void copy()}
    >
      {isCopied ? texts.copied : texts.copy}
    </button>
  );
}

/** Browsers have a clipboard only on https and on this machine; elsewhere the older way still works. */
async function copyText(text: string): Promise<void> {
  if (isSecureContext) return navigator.clipboard.writeText(text);
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'visually-hidden';
  document.body.append(field);
  field.select();
  document.execCommand('copy');
  field.remove();
}
