export { Box, render, Text, useAnimation, useWindowSize } from 'ink'
export { createElement } from 'react'
