package render

import (
	"community-images/shared/query/history"
	"community-images/shared/query/state"
)

// FleetColumns are the columns of Cluster.Cells.
var FleetColumns = []string{
	"RegionId", "ClusterId", "Name", "ImageId", "ImageName", "ImageState", "GoneSince", "ImageStatus", "ImageVersion",
	"NewestImageId", "NewestVersion",
}

// Cells returns a row.
func (c Cluster) Cells() []string {
	newest := NewestImage{}
	if c.Newest != nil {
		newest = *c.Newest
	}
	return []string{
		c.RegionID, c.ClusterID, c.Name, c.ImageID, c.ImageName, string(c.ImageState), c.GoneSince.String(),
		c.ImageStatus, c.ImageVersion, newest.ImageID, newest.Version,
	}
}

// ShortCells returns a row for people: empty cells are visible.
func (c Cluster) ShortCells() []string {
	cells := c.Cells()
	for i := range cells {
		cells[i] = dashIfBlank(cells[i])
	}
	return cells
}

// NewCluster returns a cluster with its boot image.
func NewCluster(b *history.BootImage) Cluster {
	c := Cluster{
		Cluster: b.Cluster, ImageName: b.Name, ImageState: b.State,
		GoneSince: b.GoneSince(), HistorySince: b.HistorySince,
	}
	if b.Content != nil {
		c.ImageStatus, c.ImageVersion = b.Content.Text("Status"), b.Content.Text("OsTag.Version")
		system := history.SystemOf(b.Content)
		c.ImagePlatform, c.ImageArchitecture = system.Platform, system.Architecture
	}
	if b.Newest != nil {
		c.Newest = &NewestImage{
			ImageID: b.Newest.ImageID, ImageName: b.Newest.Text("ImageName"), Version: b.Newest.Text("OsTag.Version"),
		}
	}
	if b.Problem != nil {
		c.problem = state.ToAPIError(b.Problem).Message
		c.ImageProblem = c.problem.String()
	}
	return c
}
