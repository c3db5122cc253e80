"""CloudWatch dashboards: one that answers whether the platform is healthy, and one for each hop of an event."""

from components.dashboards.unit import DASHBOARD_NAME_LENGTH, Dashboards, DashboardsArgs

__all__ = ["DASHBOARD_NAME_LENGTH", "Dashboards", "DashboardsArgs"]
