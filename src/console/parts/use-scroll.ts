import { useEffect, useRef, useState } from 'preact/hooks';

/** The part of a scrolled box that is in view, in px. */
export function useScroll() {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  useEffect(() => {
    const element = box.current!;
    const look = () =>
      setView((old) => {
        const { scrollTop: top, clientHeight: height } = element;
        return old.top === top && old.height === height ? old : { top, height };
      });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    look();
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, []);
  return { box, ...view };
}
