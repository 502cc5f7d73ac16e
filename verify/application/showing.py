"""What a certificate says, with the program that it is about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from verify.application.failures import BadCertificate, FailedError, unusable
from verify.application.question import CheckQuestion
from verify.artifact.form import CERTIFICATE, MalformedError
from verify.interpret import ReplayError
from verify.verdicts import Result, WordedLemma

if TYPE_CHECKING:
    from verify.artifact.certificate import Certificate
    from verify.artifact.check import Opened


@dataclass(frozen=True, slots=True)
class Shown:
    """A certificate of a program as it is now; nothing in it has been checked.

    What is asked of it is made from the certificate and the program when it is asked for.
    """

    folder: Path
    opened: Opened
    certificate: Certificate

    def result(self) -> Result:
        """The verdicts with their runs, as `prove` found them.

        Raises:
            FailedError: the runs do not show what the certificate says.
        """
        from verify.artifact import views

        try:
            return views.result_of(self.opened, self.certificate)
        except (MalformedError, ReplayError) as error:
            raise _bad(self.folder, error) from None

    def lemmas(self) -> tuple[WordedLemma, ...]:
        """The lemmas in words, no two alike."""
        from verify.artifact import views

        return views.lemmas_of(self.opened, self.certificate)

    def obligations(self) -> dict[str, str]:
        """What has to be unsatisfiable for the claims to be proved: SMT-LIB texts, by the name of
        a file for each.

        Raises:
            FailedError: there are none.
        """
        from verify.artifact import views

        try:
            return views.texts_of(self.opened, self.certificate)
        except (MalformedError, ReplayError) as error:
            raise _bad(self.folder, error) from None


def shown(folder: Path, question: CheckQuestion) -> Shown:
    """The certificate in a folder.

    Raises:
        InputError: the program that it is about has mistakes.
        FailedError: it is none, or none of the program as it is now, or cannot be read.
    """
    from verify.application.checking import asked_of
    from verify.artifact.certificate import meaning
    from verify.artifact.check import opened

    try:
        one = opened(folder, asked_of(question))
        if unfit := one.fitting():
            raise MalformedError(unfit)
        return Shown(folder, one, meaning(one.said, one.program, one.scenario))
    except (MalformedError, ReplayError) as error:
        raise _bad(folder, error) from None
    except OSError as error:
        raise FailedError(unusable(str(folder), error)) from None


def _bad(folder: Path, error: Exception) -> FailedError:
    return FailedError(BadCertificate(str(folder / CERTIFICATE), str(error)))
