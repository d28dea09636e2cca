"""The services of the application that a route runs in."""

from typing import Annotated

from fastapi import Depends, Request

from webapp.services import Services


def services(request: Request) -> Services:
    """What `create_app` was given."""
    found: Services = request.app.state.services
    return found


Here = Annotated[Services, Depends(services)]
