import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { createApi } from './api/api.js';
import { asksForKey, forgetKey, storedKey, storeKey } from './api/session.js';
import { ApiProvider } from './api/use-api.js';
import { useTexts } from './i18n/language.js';
import { Header } from './parts/header.js';
import { here, listHref, NO_FILTERS, routeOf, useHash } from './route.js';
import { FleetView } from './views/fleet-view.js';
import { SignInView } from './views/sign-in-view.js';
import { TokenView } from './views/token-view.js';

export function App() {
  const { texts } = useTexts();
  const [key, setKey] = useState(storedKey);
  const [hasEnded, setEnded] = useState(false);
  const isSignedIn = key !== null || !asksForKey;
  const signOut = () => {
    forgetKey();
    setKey(null);
  };
  const api = useMemo(
    () =>
      createApi(asksForKey ? key : null, () => {
        if (!asksForKey) return;
        setEnded(true);
        signOut();
      }),
    [key],
  );
  const signIn = (accepted: string) => {
    storeKey(accepted);
    setEnded(false);
    setKey(accepted);
  };
  const skip = (event: Event) => {
    // A fragment is a route here.
    event.preventDefault();
    document.getElementById('content')?.focus();
  };

  return (
    <>
      <a class="skip-link" href={here('#content')} onClick={skip}>
        {texts.skip}
      </a>
      <Header
        onSignOut={
          isSignedIn && asksForKey
            ? () => {
                setEnded(false);
                signOut();
              }
            : undefined
        }
      />
      <main id="content" tabIndex={-1}>
        {isSignedIn ? (
          <ApiProvider value={api}>
            <Views />
          </ApiProvider>
        ) : (
          <SignInView hasEnded={hasEnded} onSignedIn={signIn} />
        )}
      </main>
      <div id="announcements" class="visually-hidden" role="status" />
    </>
  );
}

function Views() {
  const { texts } = useTexts();
  const route = routeOf(useHash());
  // Where the reader of the list was.
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const lastList = useRef(listHref(NO_FILTERS));
  if (route.view === 'list') lastList.current = listHref(route.filters);
  const title = route.view === 'token' ? route.name : texts.list.title;
  useEffect(() => {
    document.title = `${title} · ${texts.product}`;
  }, [title, texts]);

  const place = route.view === 'token' ? `token ${route.name}` : 'list';
  const lastPlace = useRef(place);
  useEffect(() => {
    if (lastPlace.current === place) return;
    lastPlace.current = place;
    scrollTo(0, 0);
    document.querySelector('h1')?.focus();
  }, [place]);

  return route.view === 'token' ? (
    <TokenView key={route.name} name={route.name} listHref={lastList.current} />
  ) : (
    <FleetView
      filters={route.filters}
      cursors={cursors}
      onCursors={setCursors}
    />
  );
}
