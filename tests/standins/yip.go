// Copyright: (c) 2026, elemental.networking contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-FileCopyrightText: 2026 elemental.networking contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// What yip does to the content of each file that it writes: run it as a Go template. Each line of the input is a content in base64, each line
// of the output what would be written; as yip does, a content that is no template is written as it is.
package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"text/template"
)

var values = map[string]any{"Values": map[string]any{"os": map[string]any{"name": "SL Micro"}}}

func written(content string) string {
	parsed, err := template.New("template").Parse(content)
	if err != nil {
		return content
	}
	var result strings.Builder
	if err := parsed.Execute(&result, values); err != nil {
		return content
	}
	return result.String()
}

func main() {
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		content, err := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
		if err != nil {
			panic(err)
		}
		fmt.Println(base64.StdEncoding.EncodeToString([]byte(written(string(content)))))
	}
}
